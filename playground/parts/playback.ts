import {useCallback, useLayoutEffect, useRef, useState} from 'preact/hooks';

export const SPEEDS = [
  {name: 'slow', perSecond: 25},
  {name: 'medium', perSecond: 120},
  {name: 'fast', perSecond: 600},
  {name: 'at once', perSecond: Number.POSITIVE_INFINITY},
] as const;
export type Speed = (typeof SPEEDS)[number];

function prefersStill(): boolean {
  return globalThis.matchMedia?.('(prefers-reduced-motion: reduce)').matches ?? false;
}

export interface Playback {
  /** Pixels shown. */
  readonly shown: number;
  readonly playing: boolean;
  readonly speed: Speed;
  setShown(shown: number): void;
  setSpeed(speed: Speed): void;
  play(): void;
  pause(): void;
  /** From the first pixel on. */
  restart(): void;
}

/**
 * Plays what has been drawn at the reader's speed: the models are faster than the eye.
 *
 * @param total pixels that there will be
 * @param ready how many of them are there
 */
export function usePlayback(total: number, ready: () => number): Playback {
  const [shown, setShown] = useState(0);
  const [playing, setPlaying] = useState(true);
  const [speed, setSpeed] = useState<Speed>(prefersStill() ? SPEEDS[3] : SPEEDS[1]);
  const exact = useRef(0);
  const available = useRef(ready);
  available.current = ready;

  // Ended with the rendering that says so: a frame later, it would have moved on from a place just chosen.
  useLayoutEffect(() => {
    if (!playing) return;
    let last = performance.now();
    let frame = 0;
    const step = (now: number): void => {
      const elapsed = Math.min(0.1, Math.max(0, now - last) / 1000);
      last = now;
      const most = Math.min(total, available.current());
      exact.current = Math.min(most, exact.current + (elapsed > 0 ? elapsed * speed.perSecond : 0));
      setShown(Math.floor(exact.current));
      if (exact.current >= total) setPlaying(false);
      // The end is left to the clean-up. Were it here, a restart before the next rendering would leave
      // `playing` as it was, and nothing would ask for a frame again.
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [playing, speed, total]);

  return {
    shown,
    playing,
    speed,
    setShown: useCallback((value: number) => {
      exact.current = value;
      setPlaying(false);
      setShown(value);
    }, []),
    setSpeed,
    play: useCallback(() => setPlaying(true), []),
    pause: useCallback(() => setPlaying(false), []),
    restart: useCallback(() => {
      exact.current = 0;
      setShown(0);
      setPlaying(true);
    }, []),
  };
}
