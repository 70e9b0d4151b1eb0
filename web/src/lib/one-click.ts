/** As long as two clicks are one double click. */
const DOUBLE_MS = 500;
const HAND_PX = 8;

export interface Click {
  timeStamp: number;
  clientX: number;
  clientY: number;
  /** 0 where a key pressed the button. */
  detail: number;
}

/** Recognizes the second click of a double click, also where another row has slid under the pointer since. */
export class Clicks {
  #last: Click | null = null;

  isSecond(click: Click): boolean {
    const last = this.#last;
    this.#last = click;
    if (!last || click.detail === 0 || click.timeStamp - last.timeStamp > DOUBLE_MS) return false;
    return Math.hypot(click.clientX - last.clientX, click.clientY - last.clientY) <= HAND_PX;
  }
}

const clicks = new Clicks();

/** For a button whose row leaves with the click: a double click acts once, and not on the next row too. */
export function once(act: () => void): (click: Click) => void {
  return (click) => {
    if (!clicks.isSecond(click)) act();
  };
}
