import { useQuery } from "@tanstack/react-query";
import { type Location, locations } from "./queries";

/** The places of the shop, and what each is called. */
export function usePlaces(): { places: Location[]; nameOf: (id: string) => string } {
  const { data = [] } = useQuery(locations);
  const names = new Map(data.map((place) => [place.id, place.name]));
  return { places: data, nameOf: (id) => names.get(id) ?? id };
}
