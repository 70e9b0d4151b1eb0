import {
  Aperture,
  Backpack,
  BatteryCharging,
  Cable,
  Camera,
  Coffee,
  Cookie,
  Cpu,
  Droplets,
  Footprints,
  Gift,
  HardHat,
  Headphones,
  House,
  Keyboard,
  Lamp,
  LampDesk,
  Laptop,
  Lightbulb,
  type LucideIcon,
  Milk,
  Monitor,
  Mouse,
  Notebook,
  Package,
  PcCase,
  PenLine,
  Phone,
  PlugZap,
  Projector,
  Shield,
  Shirt,
  ShoppingBasket,
  Smartphone,
  Speaker,
  Sprout,
  Tablet,
  Thermometer,
  Umbrella,
  Watch,
  Wheat,
} from "lucide-react";

/** The most specific word of a name comes first. */
const BY_WORD: [RegExp, LucideIcon][] = [
  [/mouse/, Mouse],
  [/\bpen\b|stylus|pencil/, PenLine],
  [/bottle|flask/, Milk],
  [/plant/, Sprout],
  [/lens/, Aperture],
  [/speaker/, Speaker],
  [/bulb/, Lightbulb],
  [/thermo/, Thermometer],
  [/projector|beamer/, Projector],
  [/power ?bank|battery/, BatteryCharging],
  [/tower/, PcCase],
  [/lamp/, LampDesk],
  [/\boil\b|honey|syrup/, Droplets],
  [/pasta|bread|flour|noodle/, Wheat],
  [/\bcap\b|\bhat\b|helmet/, HardHat],
];

const BY_TYPE: Record<string, LucideIcon> = {
  smart: Smartphone,
  feature: Phone,
  laptop: Laptop,
  desktop: Monitor,
  tablet: Tablet,
  power: PlugZap,
  cable: Cable,
  case: Shield,
  input: Keyboard,
  desk: Lamp,
  audio: Headphones,
  camera: Camera,
  wearable: Watch,
  home: Lamp,
  shirt: Shirt,
  knitwear: Shirt,
  outerwear: Umbrella,
  socks: Footprints,
  coffee: Coffee,
  tea: Coffee,
  sweets: Cookie,
  pantry: ShoppingBasket,
  stationery: Notebook,
  outdoor: Backpack,
  gift: Gift,
};

const BY_CATEGORY: Record<string, LucideIcon> = {
  phone: Smartphone,
  computer: Laptop,
  accessories: Cable,
  electronics: Cpu,
  clothing: Shirt,
  food: ShoppingBasket,
  other: Gift,
  home: House,
};

/** A drawing for what it is; a parcel for what nobody drew. */
export function iconOf(category: string, type = "", name = ""): LucideIcon {
  const words = name.toLowerCase();
  return (
    BY_WORD.find(([word]) => word.test(words))?.[1] ??
    BY_TYPE[type.toLowerCase()] ??
    BY_CATEGORY[category.toLowerCase()] ??
    Package
  );
}
