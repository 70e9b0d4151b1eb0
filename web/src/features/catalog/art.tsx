import { type CSSProperties, useState } from "react";
import { cn } from "@/lib/cn";
import { hash, random } from "@/lib/hash";
import { useNear } from "@/lib/use-near";
import { iconOf } from "./icons";
import { type Picture, srcSetOf } from "./pictures";

/** Hues that sit well beside one another and beside the shop's green. */
const HUES = [25, 55, 85, 130, 163, 195, 230, 262, 300, 345];

interface Pictured {
  name: string;
  category: string;
  type?: string;
  imageUrl: string | null;
  images?: Picture[];
}

/** In a list: with four columns, three, two and one. */
export const LISTED_SIZES =
  "(min-width: 1280px) 300px, (min-width: 1024px) 31vw, (min-width: 640px) 46vw, 92vw";
const SMALL = "80px";
const LISTED_WIDEST = 800;

/** The product's picture; where it has none, a quiet drawing that is always the same for it. */
export function ProductPicture({
  goods,
  className,
  eager = false,
  sizes = SMALL,
  widest = LISTED_WIDEST,
  picture = goods.images?.[0],
  alt = "",
}: {
  goods: Pictured;
  className?: string;
  eager?: boolean;
  /** How wide it is shown, as the `sizes` of an img: small by default. */
  sizes?: string;
  /** The widest that may be loaded: in lists of many, a medium one. */
  widest?: number;
  /** Which of its pictures; the first by default. */
  picture?: Picture | undefined;
  alt?: string;
}) {
  const [broken, setBroken] = useState<string | null>(null);
  const [ref, near] = useNear<HTMLImageElement>(eager);
  const url = picture?.url ?? goods.imageUrl;
  if (!url || broken === url) return <Art goods={goods} {...(className && { className })} />;
  return (
    <img
      ref={ref}
      {...(near && { src: url, ...(picture && { srcSet: srcSetOf(picture, widest), sizes }) })}
      alt={alt}
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => setBroken(url)}
      className={cn("bg-sunken object-cover", className)}
    />
  );
}

function Art({ goods, className }: { goods: Pictured; className?: string }) {
  const seed = hash(goods.name);
  const hue = HUES[(seed >>> 20) % HUES.length] ?? 163;
  const Icon = iconOf(goods.category, goods.type, goods.name);
  return (
    <div
      aria-hidden
      className={cn("art relative isolate overflow-hidden", className)}
      style={{ "--hue": hue } as CSSProperties}
    >
      <svg
        viewBox="0 0 100 75"
        preserveAspectRatio="xMidYMid slice"
        className="absolute inset-0 size-full"
        aria-hidden="true"
      >
        <Pattern seed={seed} />
      </svg>
      <Icon
        strokeWidth={1.9}
        className="absolute inset-0 m-auto size-[36%] max-h-36 max-w-36 [&_*]:[vector-effect:non-scaling-stroke]"
      />
    </div>
  );
}

const TONE = "var(--tone-3)";

function Pattern({ seed }: { seed: number }) {
  const next = random(seed);
  const [x, y, size] = [10 + next() * 80, 8 + next() * 58, 22 + next() * 14];
  switch ((seed >>> 8) % 5) {
    case 0:
      return [0.55, 1, 1.5, 2.05, 2.65].map((ring) => (
        <circle
          key={ring}
          cx={x}
          cy={y}
          r={size * ring * 0.62}
          fill="none"
          style={{ stroke: TONE }}
          strokeWidth={1.6}
          opacity={0.6}
        />
      ));
    case 1:
      return (
        <>
          <circle cx={x} cy={y} r={size} style={{ fill: TONE }} opacity={0.5} />
          <circle cx={100 - x} cy={75 - y} r={size * 0.7} style={{ fill: TONE }} opacity={0.34} />
        </>
      );
    case 2:
      return Array.from({ length: 9 }, (_, stripe) => stripe * 14 - 18).map((at) => (
        <path
          key={at}
          d={`M${at} 80 L${at + 52} -5`}
          style={{ stroke: TONE }}
          strokeWidth={4.6}
          opacity={0.42}
        />
      ));
    case 3:
      return [12, 27, 42, 57, 72].map((at) => (
        <path
          key={at}
          d={`M-5 ${at} q 13.75 ${-7 - next() * 5} 27.5 0 t 27.5 0 t 27.5 0 t 27.5 0`}
          fill="none"
          style={{ stroke: TONE }}
          strokeWidth={1.8}
          opacity={0.6}
        />
      ));
    default:
      return Array.from(
        { length: 48 },
        (_, dot) => [6 + (dot % 8) * 12.6, 6 + Math.floor(dot / 8) * 12.6] as const,
      ).map(([cx, cy]) => (
        <circle
          key={`${cx} ${cy}`}
          cx={cx}
          cy={cy}
          r={0.7 + next() * 2}
          style={{ fill: TONE }}
          opacity={0.7}
        />
      ));
  }
}
