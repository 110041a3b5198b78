/**
 * How many threads the native engine works with: RASTER_THREADS where that is set, else the
 * processors that this process may use, by its affinity and by the quota of its cgroups (what a
 * container is given). For Node only.
 */

/** @throws Error when RASTER_THREADS is no number of threads */
export function threadCount(): number {
  const wanted = process.env.RASTER_THREADS ?? '';
  if (wanted !== '') {
    const count = Number(wanted);
    if (!Number.isInteger(count) || count < 1 || count > 1024) {
      throw new Error(
        `RASTER_THREADS must be a whole number from 1 to 1024, got '${wanted}'; unset it to use all processors that are free to use`,
      );
    }
    return count;
  }
  // Hidden from bundlers, as tfjs-node is: the rest of the engine also runs in a browser.
  const [os, fs] = ['node:os', 'node:fs'].map((name) => require(name)) as [
    {availableParallelism(): number},
    {readFileSync(file: string, encoding: 'utf8'): string},
  ];
  const read = (file: string): string | undefined => {
    try {
      return fs.readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  };
  return Math.max(1, Math.min(os.availableParallelism(), Math.floor(processorQuota(read))));
}

/**
 * The processors that the cgroups of this process allow, as a fraction of time: the least of
 * its own group's and those above.
 *
 * @param read the text of a file, or undefined where there is none
 * @returns Infinity without a quota, and where there are no cgroups
 */
export function processorQuota(read: (file: string) => string | undefined): number {
  const quotas = [Number.POSITIVE_INFINITY];
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const version2 = controllers === '';
    if (!version2 && !controllers.split(',').includes('cpu')) continue;
    const parts = path.split('/').filter(Boolean);
    for (let depth = 0; depth <= parts.length; depth++) {
      const group = parts.slice(0, depth).map((part) => `/${part}`);
      const folder = `/sys/fs/cgroup${version2 ? '' : '/cpu'}${group.join('')}`;
      const [quota, period] = version2
        ? (read(`${folder}/cpu.max`) ?? '').split(' ')
        : [read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)];
      const share = Number(quota) / Number(period);
      if (share > 0) quotas.push(share);
    }
  }
  return Math.min(...quotas);
}
