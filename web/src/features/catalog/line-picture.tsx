import { useQuery } from "@tanstack/react-query";
import { useAuth } from "@/features/auth/auth";
import { ProductPicture } from "./art";
import { goods } from "./queries";

/** The picture of what an order's line was; of a product that is gone, a parcel in its colours. */
export function LinePicture({
  line,
  className,
}: {
  line: { productId: string; name: string };
  className?: string;
}) {
  const signedIn = useAuth().user !== null;
  const { data } = useQuery({ ...goods(signedIn, line.productId), staleTime: 10 * 60_000, retry: false });
  const pictured = data ?? { category: "", imageUrl: null };
  return <ProductPicture goods={{ ...pictured, name: line.name }} {...(className && { className })} />;
}
