import { useEffect, useRef, useState } from "react";
import { Dialog } from "@/components/ui/dialog";

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
declare global {
  interface Window {
    BarcodeDetector?: new () => Detector;
  }
}

/** Whether this browser can read codes through its camera. */
export function canUseCamera(): boolean {
  return Boolean(window.BarcodeDetector && navigator.mediaDevices?.getUserMedia);
}

const AGAIN_MS = 1_500;

/** The camera's picture, until it is closed; each code it sees is reported once in a while. */
export function ScanDialog({ onCode, onClose }: { onCode: (code: string) => void; onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const handler = useRef(onCode);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    handler.current = onCode;
  });
  useEffect(() => {
    let stream: MediaStream | null = null;
    let timer = 0;
    let over = false;
    let last = { code: "", at: 0 };
    const look = async (detector: Detector) => {
      const picture = video.current;
      if (over || !picture) return;
      try {
        const code = (await detector.detect(picture))[0]?.rawValue ?? "";
        if (code && (code !== last.code || Date.now() - last.at > AGAIN_MS)) handler.current(code);
        if (code) last = { code, at: Date.now() };
      } catch {
        // No picture yet.
      }
      timer = window.setTimeout(() => look(detector), 150);
    };
    const begin = async () => {
      const Found = window.BarcodeDetector;
      if (!Found) return;
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        if (over || !video.current) {
          for (const track of stream.getTracks()) track.stop();
          return;
        }
        video.current.srcObject = stream;
        await video.current.play();
        await look(new Found());
      } catch {
        if (!over) setProblem("The camera cannot be used. Allow it in the browser, and try again.");
      }
    };
    void begin();
    return () => {
      over = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  return (
    <Dialog
      open
      onClose={onClose}
      title="Scan with the camera"
      description="Hold the code in front of the camera."
    >
      {problem ? (
        <p role="alert" className="text-danger text-sm">
          {problem}
        </p>
      ) : (
        <video
          ref={video}
          muted
          playsInline
          aria-label="What the camera sees"
          className="aspect-4/3 w-full rounded-xl bg-ink object-cover"
        />
      )}
    </Dialog>
  );
}
