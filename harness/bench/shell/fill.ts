// Fills product.yaml's {placeholders} where no harness is at work, and quotes words for the shell.

export type Fill = (text: string) => string;

/** Values by placeholder; `socket:` makes the path of a named socket. */
export interface Values {
  readonly [name: string]: string;
}

export function filler(values: Values, work: string): Fill {
  return (text) =>
    text.replace(/\{(\w+)(?::([\w-]+))?\}/g, (whole, name: string, argument: string | undefined) => {
      const value = name === "socket" && argument !== undefined ? `${work}/${argument}.sock` : values[name];
      if (value === undefined) throw new Error(`Cannot fill ${whole} in ${JSON.stringify(text)}: there is no such value here`);
      return value;
    });
}

/** A word that the shell takes as it is. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
