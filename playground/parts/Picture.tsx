import {useLayoutEffect, useRef} from 'preact/hooks';
import type {Rgb} from './paint';

/** A picture of colored squares, never blurred. */
export function Picture({
  side,
  color,
  label,
  className = 'picture',
}: {
  readonly side: number;
  /** The color of a pixel by its flat index. */
  readonly color: (index: number) => Rgb;
  /** What a screen reader says. */
  readonly label: string;
  readonly className?: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined) return;
    const image = context.createImageData(side, side);
    for (let i = 0; i < side * side; i++) {
      const [r, g, b] = color(i);
      image.data.set([r, g, b, 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  });
  return <canvas ref={canvas} width={side} height={side} class={className} role="img" aria-label={label} />;
}
