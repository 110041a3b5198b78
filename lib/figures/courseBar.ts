/** The line of links that the page of results and the playground have in common. */

/** From a page to the others, each null where there is none on this machine. */
export interface CourseLinks {
  readonly results: string | null;
  readonly playground: string | null;
  readonly notebooks: string | null;
  readonly readme: string | null;
}

export interface CourseBarEntry {
  readonly name: string;
  readonly href: string;
  /** Whether it is the page on which the line stands. */
  readonly here: boolean;
}

const NAMES = {
  results: 'Results',
  playground: 'Playground',
  notebooks: 'Notebooks',
  readme: 'README',
} as const;

/** Nothing where there is no other page to go to. */
export function courseBar(links: CourseLinks, here: 'results' | 'playground'): CourseBarEntry[] {
  const keys = Object.keys(NAMES) as (keyof CourseLinks)[];
  const entries = keys.flatMap((key) => {
    const href = key === here ? '#' : links[key];
    return href === null ? [] : [{name: NAMES[key], href, here: key === here}];
  });
  return entries.length > 1 ? entries : [];
}

export const COURSE_BAR_STYLE = `
.course ul{display:flex;flex-wrap:wrap;gap:.25rem 1.2rem;margin:0;padding:0;list-style:none;font-size:.875rem}
.course a{color:inherit;padding:.25rem 0;display:block}
.course a[aria-current]{font-weight:bold;text-decoration:none;background:none;color:inherit}
`;
