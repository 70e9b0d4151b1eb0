import { useQuery } from "@tanstack/react-query";
import { useAuth } from "@/features/auth/auth";
import { ProductPicture } from "./art";
import { goods } from "./queries";

/** An order may have a thousand lines: so many products are asked for their pictures. */
const ASKED_MAX = 40;

/** The picture of what an order's line was; of a product that is gone, a parcel in its colours. */
export function LinePicture({
  line,
  index = 0,
  className,
}: {
  line: { productId: string; name: string };
  /** The line's place in its order. */
  index?: number;
  className?: string;
}) {
  const signedIn = useAuth().user !== null;
  const { data } = useQuery({
    ...goods(signedIn, line.productId),
    staleTime: 10 * 60_000,
    retry: false,
    enabled: index < ASKED_MAX,
  });
  const pictured = data ?? { category: "", imageUrl: null };
  return <ProductPicture goods={{ ...pictured, name: line.name }} {...(className && { className })} />;
}
