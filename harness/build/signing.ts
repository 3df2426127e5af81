// The key pair that signs artifacts: made once for each cache, and never leaves it.
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

// Products compile the public key in, so it is part of every content key: a machine with another key pair, or without
// this one, builds anew instead of trusting archives whose signatures its products would refuse.
const KEY_FILE = "signing-key.pem";

export interface Signer {
  /** SPKI, PEM. */
  readonly publicKey: string;
  /** Base64 ed25519 signature. */
  sign(content: Buffer): string;
}

/** Opens the cache's key pair; the first caller makes it, also when several processes start at once. */
export async function openSigner(cache: string): Promise<Signer> {
  const file = join(cache, KEY_FILE);
  const pem = (await readIfThere(file)) ?? (await createKey(cache, file));
  const privateKey = createPrivateKey(pem);
  return {
    publicKey: createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString(),
    sign: (content) => sign(null, content, privateKey).toString("base64"),
  };
}

async function createKey(cache: string, file: string): Promise<string> {
  await mkdir(cache, { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  const { privateKey } = generateKeyPairSync("ed25519");
  try {
    await writeFile(draft, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
    // A hard link appears whole and never replaces: whoever comes second uses the first one's key.
    await link(draft, file).catch(ignore("EEXIST"));
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, "utf8");
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch(ignore("ENOENT"));
}

function ignore(code: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code !== code) throw error;
  };
}
