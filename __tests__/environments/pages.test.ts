import { clicksFrom, pages, repeatedBlocks, repeatedRuns, textsOfPages } from "../support/pages";

/** Clicks from the README within which every page is found. */
const MAX_CLICKS = 2;

/** Words in a row, and characters of a paragraph or row, that make a repetition. Names of commands and terms are shorter. */
const [MIN_WORDS, MIN_CHARACTERS] = [12, 80];

/** Pages that somebody wrote. Those of the API reference are generated: members with one meaning have one description. */
const written = () =>
  Object.fromEntries(Object.entries(textsOfPages()).filter(([page]) => !page.startsWith("docs/api/")));

test("every page is reached from the README in two clicks", () => {
  const clicks = clicksFrom("README.md", textsOfPages());
  expect(pages().filter((page) => (clicks.get(page) ?? Number.POSITIVE_INFINITY) > MAX_CLICKS)).toEqual([]);
  expect(clicks.get("docs/decisions/0001-release-catalogue.md")).toBe(2);
});

test("no page repeats a paragraph, an item or a row of another", () => {
  expect(repeatedBlocks(written(), MIN_CHARACTERS)).toEqual([]);
});

test("no page repeats words of another", () => {
  expect(repeatedRuns(written(), MIN_WORDS)).toEqual([]);
});

test("pages that are further away are reported", () => {
  const texts = {
    "README.md": "[a](docs/a.md#part), [site](https://example.com/docs/d.md)",
    "docs/a.md": "![b](b.md)",
    "docs/b.md": "[c](../docs/c.md) [decisions](decisions)",
    "docs/c.md": "",
    "docs/d.md": "",
    "docs/decisions/README.md": "",
  };
  expect([...clicksFrom("README.md", texts)]).toEqual([
    ["README.md", 0],
    ["docs/a.md", 1],
    ["docs/b.md", 2],
    ["docs/c.md", 3],
    ["docs/decisions/README.md", 3],
  ]);
});

test("repetitions are reported, also with another layout and other links", () => {
  const row = "| limit | the largest number of nodes of all pools, and their largest cost per hour in USD |";
  const texts = {
    "a.md": `# Title\n\nOne two three\nfour five.\n\n${row}\n\n\`\`\`sh\nnpm install one two three four\n\`\`\`\n`,
    "b.md": `# Title\n\nZero. [One](x.md) two three four six.\n\n${row.replaceAll(" | ", "   | ")}\n`,
    "c.md": "```sh\nnpm install one two three four\n```\n",
  };
  expect(repeatedRuns(texts, 4).map(({ text }) => text)).toContain("limit the largest number");
  expect(repeatedRuns({ ...texts, "b.md": "[One](x.md) two three four six." }, 5)).toEqual([]);
  expect(repeatedRuns({ ...texts, "b.md": "[Zero](x.md): One two\nthree four six." }, 4)).toEqual([
    { pages: ["a.md", "b.md"], text: "One two three four" },
  ]);
  expect(repeatedBlocks(texts, 80)).toEqual([{ pages: ["a.md", "b.md"], text: row }]);
});
