import type {Site} from '../scripts/playground/link';

declare global {
  // Put there by site.js beside the page: see scripts/playground/link.ts.
  var playgroundSite: Site | null | undefined;
}

/** The course around the page; null where its folder was published alone. */
export const site: Site | null = globalThis.playgroundSite ?? null;
