import { expect, test } from "vitest";
import { FIRST_PAGE, filledPage, nextPage, pageNumber, previousPage } from "./paging";

test("one goes forward and back through the pages", () => {
  const second = nextPage(FIRST_PAGE, "two");
  const third = nextPage(second, "three");
  expect([FIRST_PAGE, second, third].map(pageNumber)).toEqual([1, 2, 3]);
  expect(third.token).toBe("three");
  expect(previousPage(third)).toEqual(second);
  expect(previousPage(second)).toEqual(FIRST_PAGE);
});

test("there is nothing before the first page and nothing after the last", () => {
  expect(previousPage(FIRST_PAGE)).toEqual(FIRST_PAGE);
  const last = nextPage(FIRST_PAGE, "two");
  expect(nextPage(last, null)).toBe(last);
});

test("empty pages are skipped, a limited number of times", async () => {
  const asked: (string | null)[] = [];
  const page = await filledPage(null, async (token) => {
    asked.push(token);
    return asked.length < 3
      ? { items: [], nextToken: `${asked.length}` }
      : { items: ["chair"], nextToken: "9" };
  });
  expect(asked).toEqual([null, "1", "2"]);
  expect(page).toEqual({ items: ["chair"], nextToken: "9" });

  let calls = 0;
  const none = await filledPage("5", async () => {
    calls += 1;
    return { items: [], nextToken: "more" };
  });
  expect(calls).toBe(21);
  expect(none.nextToken).toBe("more");
});
