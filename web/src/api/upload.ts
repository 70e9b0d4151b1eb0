import { ApiError } from "./errors";

/** Puts a file to the signed address of an upload; `onProgress` is given the share that was sent, from 0 to 1. */
export function putFile(url: string, file: Blob, onProgress: (share: number) => void): Promise<void> {
  const address = new URL(url, location.href);
  return new Promise((resolve, reject) => {
    // `fetch` says nothing of how much was sent.
    const request = new XMLHttpRequest();
    // Behind a proxy the shop may not know that it is reached by https.
    const own = address.host === location.host;
    request.open("PUT", own ? address.pathname + address.search : address.href);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(failed(request.status));
    };
    request.onerror = () => reject(failed(0));
    request.send(file);
  });
}

function failed(status: number): ApiError {
  return new ApiError({
    status,
    code: "UPLOAD_FAILED",
    message: "The file did not arrive. Check your connection, and try again.",
  });
}
