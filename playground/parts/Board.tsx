import {useEffect, useLayoutEffect, useRef, useState} from 'preact/hooks';
import {SIDE, SIZE} from '../digits';
import {css, MARK, type Rgb} from './paint';

export interface BoardProps {
  readonly label: string;
  readonly color: (index: number) => Rgb;
  /** Pixels under a hatching. */
  readonly hatched?: (index: number) => boolean;
  /** A pixel with the mark around it. */
  readonly marked?: number | null;
  /** What is said of a pixel when the keyboard reaches it. */
  readonly say: (index: number) => string;
  /** A press, or a stroke that goes on over the pixel. */
  readonly onTouch?: (index: number, first: boolean) => void;
  readonly onEnd?: () => void;
  /** The pixel under the pointer or the keyboard's place. */
  readonly onPoint?: (index: number) => void;
}

/** A large image that can be touched: by mouse, finger, or with arrow keys and space. */
export function Board(props: BoardProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cell, setCell] = useState(12);
  const [cursor, setCursor] = useState<number | null>(null);
  const [spoken, setSpoken] = useState('');
  const stroke = useRef<number | null>(null);

  useEffect(() => {
    const parent = canvas.current?.closest('.board');
    if (!parent) return;
    const fit = (): void => setCell(Math.max(8, Math.min(12, Math.floor(parent.clientWidth / SIDE))));
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(parent);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const ratio = Math.max(1, Math.round(globalThis.devicePixelRatio || 1));
    const size = cell * ratio;
    if (element.width !== size * SIDE) element.width = element.height = size * SIDE;
    context.fillStyle = '#30343b';
    context.fillRect(0, 0, element.width, element.height);
    for (let i = 0; i < SIZE; i++) {
      const [x, y] = [(i % SIDE) * size, Math.floor(i / SIDE) * size];
      context.fillStyle = css(props.color(i));
      context.fillRect(x, y, size - ratio, size - ratio);
      if (props.hatched?.(i)) hatch(context, x, y, size - ratio, ratio);
    }
    if (props.marked !== null && props.marked !== undefined) outline(context, props.marked, size, css(MARK));
    if (cursor !== null) outline(context, cursor, size, '#56B4E9');
  });

  const place = (event: PointerEvent): number | null => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * SIDE);
    const y = Math.floor(((event.clientY - box.top) / box.height) * SIDE);
    return x >= 0 && x < SIDE && y >= 0 && y < SIDE ? y * SIDE + x : null;
  };
  const down = (event: PointerEvent): void => {
    const index = place(event);
    if (index === null || event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    stroke.current = index;
    setCursor(null);
    props.onPoint?.(index);
    props.onTouch?.(index, true);
  };
  const move = (event: PointerEvent): void => {
    const index = place(event);
    if (index === null) return;
    props.onPoint?.(index);
    if (stroke.current === null || stroke.current === index) return;
    for (const between of line(stroke.current, index)) props.onTouch?.(between, false);
    stroke.current = index;
  };
  const up = (): void => {
    if (stroke.current !== null) props.onEnd?.();
    stroke.current = null;
  };
  const key = (event: KeyboardEvent): void => {
    const at = cursor ?? props.marked ?? 0;
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    const to: Record<string, number> = {
      ArrowLeft: x > 0 ? at - 1 : at,
      ArrowRight: x < SIDE - 1 ? at + 1 : at,
      ArrowUp: y > 0 ? at - SIDE : at,
      ArrowDown: y < SIDE - 1 ? at + SIDE : at,
    };
    if (event.key in to) {
      setCursor(to[event.key]);
      props.onPoint?.(to[event.key]);
      setSpoken(props.say(to[event.key]));
    } else if (event.key === ' ' || event.key === 'Enter') {
      setCursor(at);
      props.onTouch?.(at, true);
      props.onEnd?.();
    } else return;
    event.preventDefault();
  };

  return (
    <div class="board">
      <div
        class="surface"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a drawing board takes arrow keys and space
        tabIndex={0}
        role="application"
        aria-label={`${props.label}. Arrow keys move, space acts.`}
        style={{width: `${cell * SIDE}px`, height: `${cell * SIDE}px`}}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        onKeyDown={key}
        onFocus={(event) => {
          if (event.currentTarget.matches(':focus-visible')) setCursor(cursor ?? props.marked ?? 0);
        }}
        onBlur={() => setCursor(null)}
      >
        <canvas ref={canvas} />
      </div>
      <span class="hidden-text" aria-live="polite">
        {spoken}
      </span>
    </div>
  );
}

function hatch(context: CanvasRenderingContext2D, x: number, y: number, size: number, ratio: number): void {
  context.strokeStyle = '#7FA7C9';
  context.lineWidth = ratio;
  context.beginPath();
  context.moveTo(x, y + size);
  context.lineTo(x + size, y);
  context.stroke();
}

function outline(context: CanvasRenderingContext2D, index: number, size: number, color: string): void {
  const [x, y] = [(index % SIDE) * size, Math.floor(index / SIDE) * size];
  context.lineWidth = size / 4;
  context.strokeStyle = '#FFFFFF';
  context.strokeRect(x - size / 8, y - size / 8, size * 1.25, size * 1.25);
  context.lineWidth = size / 6;
  context.strokeStyle = color;
  context.strokeRect(x - size / 24, y - size / 24, size * 1.08, size * 1.08);
}

/** Pixels on the way from one to another, without the first. */
function line(from: number, to: number): number[] {
  const [x, y] = [from % SIDE, Math.floor(from / SIDE)];
  const [dx, dy] = [(to % SIDE) - x, Math.floor(to / SIDE) - y];
  const steps = Math.max(Math.abs(dx), Math.abs(dy));
  return Array.from({length: steps}, (_, k) => {
    const share = (k + 1) / steps;
    return Math.round(y + dy * share) * SIDE + Math.round(x + dx * share);
  });
}
