/**
 * A field whose text is stored elsewhere (in the address) sees each change, its own ones too, and those
 * come back late: this recognizes its own, so that nothing overwrites what was typed since.
 */
export class Sent {
  /** What was sent and has not come back; before it, what is stored now. */
  #sent: string[];

  constructor(stored: string) {
    this.#sent = [stored];
  }

  /** Whether it says something new, which is sent now. */
  send(text: string): boolean {
    if (this.#sent.at(-1) === text) return false;
    this.#sent.push(text);
    return true;
  }

  /** Whether what is stored now came from elsewhere: the back button, a link, a cleared filter. */
  isFromElsewhere(stored: string): boolean {
    const own = this.#sent.indexOf(stored);
    this.#sent = own < 0 ? [stored] : this.#sent.slice(own);
    return own < 0;
  }
}
