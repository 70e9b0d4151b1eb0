/**
 * A field whose text is kept elsewhere (in the address) hears of each change, its own ones too, and
 * those come back late: this tells them apart, so that nothing is put back over what was typed since.
 */
export class Sent {
  /** What was sent and has not come back; before it, what is kept now. */
  #sent: string[];

  constructor(kept: string) {
    this.#sent = [kept];
  }

  /** Whether it says something new, which is sent now. */
  send(text: string): boolean {
    if (this.#sent.at(-1) === text) return false;
    this.#sent.push(text);
    return true;
  }

  /** Whether what is kept now came from elsewhere: the back button, a link, a cleared filter. */
  isFromElsewhere(kept: string): boolean {
    const own = this.#sent.indexOf(kept);
    this.#sent = own < 0 ? [kept] : this.#sent.slice(own);
    return own < 0;
  }
}
