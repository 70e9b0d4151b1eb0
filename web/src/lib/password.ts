import { z } from "zod";

/** As the shop asks it: 8 with an upper-case letter, a lower-case letter and a digit, or a passphrase of 15. */
const LONG = 15;

export const newPassword = z
  .string()
  .min(8, "At least 8 characters")
  .max(256, "At most 256 characters")
  .refine(
    (text) => text.length >= LONG || (/\p{Lu}/u.test(text) && /\p{Ll}/u.test(text) && /\d/.test(text)),
    {
      message: "Mix capitals, small letters and digits, or use 15 characters or more",
    },
  );

export interface Requirement {
  label: string;
  met: boolean;
}

/** What is still to do, as one types. */
export function requirementsOf(text: string): Requirement[] {
  if (text.length >= LONG) return [{ label: "A passphrase of 15 characters or more", met: true }];
  return [
    { label: "8 characters", met: text.length >= 8 },
    { label: "Capital and small letters", met: /\p{Lu}/u.test(text) && /\p{Ll}/u.test(text) },
    { label: "A digit", met: /\d/.test(text) },
  ];
}
