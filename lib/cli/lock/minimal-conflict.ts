/**
 * Returns a smallest part of a list that fails: without one of its items it would not (QuickXplain, Junker 2004). It needs
 * about two checks for each halving of the list, so few for a long list with one culprit.
 *
 * @param items list that fails
 * @param fails whether a part fails
 * @returns an empty list if the empty part fails
 */
export async function minimalConflict<T>(
  items: readonly T[],
  fails: (part: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (await fails([])) return [];
  return search([], items, false, fails);
}

/** @param changed whether `background` has grown since the last check */
async function search<T>(
  background: readonly T[],
  items: readonly T[],
  changed: boolean,
  fails: (part: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (changed && (await fails(background))) return [];
  if (items.length <= 1) return items;
  const half = Math.ceil(items.length / 2);
  const [first, second] = [items.slice(0, half), items.slice(half)];
  const ofSecond = await search([...background, ...first], second, true, fails);
  const ofFirst = await search([...background, ...ofSecond], first, ofSecond.length > 0, fails);
  return [...ofFirst, ...ofSecond];
}
