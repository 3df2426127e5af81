// Draws what is large only while somebody can see it.
import { useEffect, useRef, useState } from "preact/hooks";

/** Reports with fewer fields or cells than this are drawn at once; of larger ones only what is in sight. */
export const AT_ONCE = 1500;

interface InSight {
  readonly inSight: boolean;
  /** How high the last element was when it was last in sight, so that nothing jumps when it is drawn no more. */
  readonly height: { readonly current: number | undefined };
}

/** Whether something is in sight, or nearly, or has the focus; all of it is while the report is printed. */
export function useInSight(ref: { readonly current: HTMLElement | null }, always: boolean): InSight {
  const [inSight, see] = useState(always);
  const height = useRef<number | undefined>(undefined);
  useEffect(() => {
    const section = ref.current;
    if (always || section === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        const seen = entries.at(-1)?.isIntersecting === true || section.contains(document.activeElement);
        const own = section.lastElementChild as HTMLElement | null;
        if (!seen && own !== null && own.offsetHeight > 0) height.current = own.offsetHeight;
        see(seen);
      },
      { rootMargin: "200px" },
    );
    observer.observe(section);
    const print = (): void => see(true);
    addEventListener("beforeprint", print);
    return () => {
      observer.disconnect();
      removeEventListener("beforeprint", print);
    };
  }, [always, ref]);
  return { inSight, height };
}
