import { expect, test } from "vitest";
import { UnsavedForms } from "./unsaved";

test("a form counts as unsaved while it is shown and has changes", () => {
  const forms = new UnsavedForms();
  let changed = false;
  const remove = forms.add(() => changed);
  forms.add(() => false);
  expect(forms.any()).toBe(false);
  changed = true;
  expect(forms.any()).toBe(true);
  remove();
  expect(forms.any()).toBe(false);
});

test("a dialog asks about its own forms, not about those below it", () => {
  const forms = new UnsavedForms();
  forms.add(() => true);
  const below = forms.now();
  expect(forms.any(below)).toBe(false);
  forms.add(() => true);
  expect(forms.any(below)).toBe(true);
});
