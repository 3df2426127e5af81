// Reads what the report embeds: base64 of gzip of JSON, in a script element that no browser runs.

/** The data of an element. Throws when the file was cut off. */
export async function unpack<T>(id: string): Promise<T> {
  const packed = document.getElementById(id)?.textContent ?? "";
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  return JSON.parse(text) as T; // written by page.ts
}
