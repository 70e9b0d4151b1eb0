import { z } from "zod";

/** The server decides which addresses it takes, those in other scripts too; a form refuses what is none at all. */
export const emailAddress = z
  .string()
  .trim()
  .regex(/^[^\s@]+@[^\s@]+$/, "Enter an e-mail address, such as you@example.com");
