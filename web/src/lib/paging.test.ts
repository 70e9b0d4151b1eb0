import { expect, test } from "vitest";
import { FIRST_PAGE, nextPage, pageNumber, previousPage } from "./paging";

test("the way forth and back through the pages", () => {
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
