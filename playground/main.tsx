import {render} from 'preact';
import {useEffect, useLayoutEffect, useRef, useState} from 'preact/hooks';
import {courseBar} from '../lib/figures/courseBar';
import {run} from './client';
import {Trouble} from './parts/Controls';
import {site} from './site';
import {STOPS, stopOfAddress} from './tour';
import {Draw} from './views/Draw';
import {Flip} from './views/Flip';
import {Hand} from './views/Hand';
import {Learn} from './views/Learn';
import {Luck} from './views/Luck';
import {See} from './views/See';

const VIEWS = [
  {id: 'draw', name: 'Draw and complete', View: Draw},
  {id: 'see', name: 'What does it see?', View: See},
  {id: 'pixel', name: 'One pixel', View: Flip},
  {id: 'luck', name: 'Luck', View: Luck},
  {id: 'hand', name: 'Masks by hand', View: Hand},
  {id: 'learn', name: 'Learn', View: Learn},
] as const;

/** Where the reader is: a view, and a stop of the tour where it is taken. */
interface Place {
  readonly id: string;
  readonly stop: number | null;
}

function placeOfAddress(): Place {
  const stop = stopOfAddress(location.hash);
  if (stop !== null) return {id: STOPS[stop - 1].view, stop};
  const id = location.hash.slice(1);
  return {id: VIEWS.some((view) => view.id === id) ? id : VIEWS[0].id, stop: null};
}

function Page() {
  const [{id, stop}, setPlace] = useState(placeOfAddress);
  const [notice, setNotice] = useState<string | null>(null);
  const main = useRef<HTMLElement>(null);
  // Before the first frame: a link that is followed until then would lead nowhere.
  useLayoutEffect(() => {
    const follow = (): void => setPlace(placeOfAddress());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  useEffect(() => {
    run('start', null).then(
      ({slow}) => {
        if (slow) {
          setNotice(
            'WebAssembly does not run in this browser: everything works, but maps and training take much longer.',
          );
        }
      },
      (error: Error) => setNotice(error.message),
    );
  }, []);
  const came = useRef(false);
  useEffect(() => {
    // Once the new view is there: its heading, so that the keyboard goes on within it.
    // Not where the page begins.
    if (came.current) main.current?.querySelector<HTMLElement>('h2')?.focus({preventScroll: true});
    came.current = true;
  }, [id, stop]);
  const {View, name} = VIEWS.find((view) => view.id === id) ?? VIEWS[0];
  useEffect(() => {
    document.title = `${name}: five image models, live`;
  }, [name]);
  return (
    <>
      <button
        type="button"
        class="skip"
        onClick={() => main.current?.querySelector<HTMLElement>('h2')?.focus()}
      >
        Skip to the view
      </button>
      <header class="top">
        <CourseBar />
        <h1>Touch it: five image models, live</h1>
        <nav aria-label="Views">
          <ol>
            {VIEWS.map((view) => (
              <li key={view.id}>
                <a href={`#${view.id}`} aria-current={view.id === id ? 'page' : undefined}>
                  {view.name}
                </a>
              </li>
            ))}
            <li class="to-tour">
              <a href={stop === null ? '#tour-1' : `#${id}`}>
                {stop === null ? 'Guided tour' : 'Leave the tour'}
              </a>
            </li>
          </ol>
        </nav>
      </header>
      {stop === null ? null : <Tour stop={stop} />}
      <main ref={main}>
        {notice === null ? null : <Trouble>{notice}</Trouble>}
        <View key={id} />
      </main>
      <footer>
        The models are the course's own code and weights, running in this page. Nothing is sent anywhere.
      </footer>
    </>
  );
}

/** The way to the other pages of the course, as the page of results has it. */
function CourseBar() {
  const entries = site === null ? [] : courseBar(site.links, 'playground');
  if (entries.length === 0) return null;
  return (
    <nav class="course" aria-label="Course">
      <ul>
        {entries.map(({name, href, here}) => (
          <li key={name}>
            <a href={href} aria-current={here ? 'page' : undefined}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** A stop: what to show and say. The keys of a lecturer's clicker, Page Down and Page Up, go on and back. */
function Tour({stop}: {readonly stop: number}) {
  const {title, text} = STOPS[stop - 1];
  // With the stop that is shown: a frame later, a quick second press would still go on from the one before.
  useLayoutEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const to = event.key === 'PageDown' ? stop + 1 : event.key === 'PageUp' ? stop - 1 : 0;
      if (to < 1 || to > STOPS.length) return;
      event.preventDefault();
      location.hash = `tour-${to}`;
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, [stop]);
  return (
    <aside class="tour" aria-label="Guided tour">
      <p>
        <strong>
          Stop {stop} of {STOPS.length}: {title}.
        </strong>{' '}
        {text}
      </p>
      <p class="steps">
        {stop > 1 ? <a href={`#tour-${stop - 1}`}>Back</a> : null}
        {stop < STOPS.length ? <a href={`#tour-${stop + 1}`}>Next stop</a> : null}
      </p>
    </aside>
  );
}

const place = document.getElementById('page') as HTMLElement;
place.replaceChildren();
render(<Page />, place);
