/**
 * One line a step on stderr (stdout belongs to the command): what it does, how far it is, how long it took.
 */

const width = 24; // characters of a bar
const quietInterval = 10_000; // ms between two lines where the output is no terminal

/** 7 -> '7 s', 95 -> '1 min 35 s'. */
export function formatSeconds(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A bar of a fraction in [0, 1], with the time to go once enough is done to tell. */
export function formatProgress(fraction, elapsedSeconds) {
  const share = Math.min(1, Math.max(0, fraction));
  const filled = Math.round(share * width);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${String(Math.floor(share * 100)).padStart(3)} %`;
  if (share < 0.03 || share >= 1 || elapsedSeconds < 1) return bar;
  return `${bar}, ${formatSeconds((elapsedSeconds * (1 - share)) / share)} to go`;
}

/**
 * Shows one step: `at(fraction)` while it runs, `done()` or `failed()` at its end,
 * `say(text)` for a line in between.
 */
export function startStep(title, stream = process.stderr) {
  const start = Date.now();
  let lastLine = Date.now();
  let fraction = 0;
  const elapsed = () => (Date.now() - start) / 1000;
  const clear = () => stream.isTTY && stream.write('\r\x1b[2K');
  const draw = () => {
    if (!stream.isTTY) return;
    clear();
    const state = fraction > 0 ? formatProgress(fraction, elapsed()) : formatSeconds(elapsed());
    stream.write(`  ${title}  ${state}`.slice(0, (stream.columns ?? 80) - 1));
  };
  if (stream.isTTY) draw();
  else stream.write(`  ${title} …\n`);
  const timer = setInterval(draw, 500);
  timer.unref();
  const end = (mark, text) => {
    clearInterval(timer);
    clear();
    stream.write(`${mark} ${title}${text} (${formatSeconds(elapsed())})\n`);
  };
  return {
    at(value) {
      fraction = value;
      if (stream.isTTY || Date.now() - lastLine < quietInterval) return;
      lastLine = Date.now();
      stream.write(`  ${title}  ${formatProgress(fraction, elapsed())}\n`);
    },
    say(text) {
      clear();
      stream.write(`  ${text}\n`);
    },
    done: (note) => end('✓', note ? `: ${note}` : ''),
    failed: () => end('✗', ''),
  };
}
