import {render} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {run} from './client';
import {Trouble} from './parts/Controls';
import {Draw} from './views/Draw';
import {Flip} from './views/Flip';
import {Luck} from './views/Luck';
import {See} from './views/See';

const VIEWS = [
  {id: 'draw', name: 'Draw and complete', View: Draw},
  {id: 'see', name: 'What does it see?', View: See},
  {id: 'pixel', name: 'One pixel', View: Flip},
  {id: 'luck', name: 'Luck', View: Luck},
] as const;

function viewOfAddress(): string {
  const id = location.hash.slice(1);
  return VIEWS.some((view) => view.id === id) ? id : VIEWS[0].id;
}

function Page() {
  const [id, setId] = useState(viewOfAddress);
  const [notice, setNotice] = useState<string | null>(null);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    const follow = (): void => setId(viewOfAddress());
    addEventListener('hashchange', follow);
    run('start', null).then(
      ({slow}) => {
        if (slow)
          setNotice(
            'This browser runs no WebAssembly here: everything works, but maps and training take longer.',
          );
      },
      (error: Error) => setNotice(error.message),
    );
    return () => removeEventListener('hashchange', follow);
  }, []);
  const {View} = VIEWS.find((view) => view.id === id) ?? VIEWS[0];
  return (
    <>
      <header class="top">
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
          </ol>
        </nav>
      </header>
      <main ref={main}>
        {notice === null ? null : <Trouble>{notice}</Trouble>}
        <View />
      </main>
    </>
  );
}

const place = document.getElementById('page') as HTMLElement;
place.replaceChildren();
render(<Page />, place);
