// XML that stays well-formed whatever text it is given. Written by hand: the builders tried (xmlbuilder2, also as a stream)
// let control characters and lone surrogates through and lose line breaks in attributes; only elements and text are needed.

/** What XML 1.0 has no way to write, not even as a reference. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#x9;",
  "\n": "&#xA;",
  "\r": "&#xD;",
};

/** The text as XML can carry it: what it cannot becomes U+FFFD. */
export function xmlCharacters(text: string): string {
  return text.toWellFormed().replace(FORBIDDEN, "\ufffd");
}

/** Text between tags. `>` is escaped too, so that `]]>` cannot appear. */
export function xmlText(text: string): string {
  return xmlCharacters(text).replace(/[&<>\r]/g, reference);
}

/** ` name="value"` for each attribute; line breaks and tabs survive. */
export function xmlAttributes(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${xmlCharacters(String(value)).replace(/[&<>"\t\n\r]/g, reference)}"`)
    .join("");
}

/** An element; `content` is XML already. */
export function xmlElement(name: string, attributes: Readonly<Record<string, string | number>>, content = ""): string {
  return content === "" ? `<${name}${xmlAttributes(attributes)}/>` : `<${name}${xmlAttributes(attributes)}>${content}</${name}>`;
}

function reference(character: string): string {
  return REFERENCES[character] ?? character;
}
