// The colours somebody chose, remembered for all reports of this machine.

export type Theme = "auto" | "light" | "dark";
export const THEMES: readonly Theme[] = ["auto", "light", "dark"];

const KEY = "upmatrix-report-colours";

/** undefined: nobody chose, or the browser keeps nothing. */
export function rememberedTheme(): Theme | undefined {
  const kept = storage()?.getItem(KEY);
  return THEMES.find((theme) => theme === kept);
}

export function rememberTheme(theme: Theme): void {
  storage()?.setItem(KEY, theme);
}

/** Some browsers throw at the mere mention of storage: for files, or by choice of who reads. The switch works without. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
