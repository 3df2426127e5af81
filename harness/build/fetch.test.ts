// Fetched releases: taken as they are, verified, completed; and refused when they are not what they should be.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BuildError } from "./index.ts";
import type { StoredArtifact } from "./types.ts";
import { type Workshop, buildOne, ref, tinyProduct, tinyRelease, workshop } from "./workshop.ts";

const NAME = "tiny-{version}-{platform}.tar.gz";
const ARCHIVE = "tiny-1.0.0-linux-x64.tar.gz";

/** The workshop's own release, laid beside product.yaml as a vendor's, and a product that fetches it. */
async function published(shop: Workshop): Promise<Buffer> {
  const { directory } = await buildOne(shop.context);
  await cp(directory, join(shop.directory, "dist"), { recursive: true });
  return readFile(join(directory, ARCHIVE));
}

function fetching(shop: Workshop, fetch: object, variants: object = {}): Promise<StoredArtifact> {
  const product = tinyProduct({ artifact: { name: NAME, fetch }, variants });
  const products = { tiny: { product, directory: shop.directory, releases: [tinyRelease("1.0.0")] } };
  return buildOne({ ...shop.context, products }, Object.keys(variants).length === 0 ? ref("1.0.0") : ref("1.0.0", { variant: "broken" }));
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  return error instanceof BuildError ? error.message : `no BuildError: ${String(error)}`;
}

test("a release beside product.yaml is taken byte for byte, and completed with what it lacks", async () => {
  await using shop = await workshop();
  const bytes = await published(shop);
  const artifact = await fetching(shop, { url: `dist/${NAME}` });
  expect(await readFile(join(artifact.directory, ARCHIVE))).toEqual(bytes);
  expect(artifact.files).toEqual([ARCHIVE, `${ARCHIVE}.sha512`, `${ARCHIVE}.sig`, "manifest.json"]);
  const manifest = JSON.parse(await readFile(join(artifact.directory, "manifest.json"), "utf8"));
  expect(manifest.files.map(({ path }: { path: string }) => path)).toContain("bin/tool");
  expect((await fetching(shop, { url: `dist/${NAME}` })).cached).toBe(true);

  await writeFile(join(shop.directory, "dist", ARCHIVE), await readFile(join(shop.directory, "dist", ARCHIVE)));
  expect((await fetching(shop, { url: `dist/${NAME}` })).cached).toBe(true);
});

test("its checksum and signature are kept, and the checksum is verified", async () => {
  await using shop = await workshop();
  const bytes = await published(shop);
  const digest = createHash("sha512").update(bytes).digest("hex");
  await writeFile(join(shop.directory, "SUMS"), `${"0".repeat(128)}  other.tar.gz\n${digest} *${ARCHIVE}\n`);
  await writeFile(join(shop.directory, "signature"), "the vendor's own");
  const artifact = await fetching(shop, { url: `dist/${NAME}`, sha512: "SUMS", signature: "signature" });
  expect(await readFile(join(artifact.directory, `${ARCHIVE}.sha512`), "utf8")).toBe(`${digest}  ${ARCHIVE}\n`);
  expect(await readFile(join(artifact.directory, `${ARCHIVE}.sig`), "utf8")).toBe("the vendor's own");

  await writeFile(join(shop.directory, "SUMS"), `${"0".repeat(128)}  ${ARCHIVE}\n`);
  expect(await refusal(fetching(shop, { url: `dist/${NAME}`, sha512: "SUMS" }))).toMatch(
    /its SHA-512 is [0-9a-f]{128}, but SUMS says 0{128}; fetch it again/,
  );
  await writeFile(join(shop.directory, "SUMS"), "none");
  expect(await refusal(fetching(shop, { url: `dist/${NAME}`, sha512: "SUMS" }))).toContain("SUMS has no SHA-512 for it");
});

test("a variant of it gets a checksum and a signature of ours", async () => {
  await using shop = await workshop();
  const bytes = await published(shop);
  const artifact = await fetching(shop, { url: `dist/${NAME}` }, { broken: { wrap: "agent", then: "hang" } });
  expect(await readFile(join(artifact.directory, ARCHIVE))).not.toEqual(bytes);
  expect(await readFile(join(artifact.directory, `${ARCHIVE}.sha512`), "utf8")).toBe(`${artifact.digest}  ${ARCHIVE}\n`);
});

test("an archive of another kind is taken as it is, but has no variants", async () => {
  await using shop = await workshop();
  await writeFile(join(shop.directory, "tiny.deb"), "a package");
  const product = tinyProduct({
    artifact: { name: "tiny.deb", fetch: { url: "tiny.deb" } },
    variants: { broken: { wrap: "agent", then: "hang" } },
  });
  const context = { ...shop.context, products: { tiny: { product, directory: shop.directory, releases: [tinyRelease("1.0.0")] } } };
  expect((await buildOne(context)).unpackedBytes).toBe(9);
  expect(await refusal(buildOne(context, ref("1.0.0", { variant: "broken" })))).toContain("Cannot make a variant of tiny.deb: only .tar");
});

test("what is not there, not safe or not whole is refused", async () => {
  await using shop = await workshop();
  await published(shop);
  expect(await refusal(fetching(shop, { url: "nowhere.tar.gz" }))).toMatch(/Cannot fetch "nowhere.tar.gz": .*ENOENT/);
  expect(await refusal(fetching(shop, { url: "http://releases.example/x.tar.gz" }))).toContain("releases are fetched over https only");
  expect(await refusal(fetching(shop, { url: "ftp://localhost/x.tar.gz" }))).toContain("releases are fetched over https only");
  const half = (await readFile(join(shop.directory, "dist", ARCHIVE))).subarray(0, 400);
  await writeFile(join(shop.directory, "dist", ARCHIVE), half);
  expect(await refusal(fetching(shop, { url: `dist/${NAME}` }))).toContain(`Cannot unpack ${ARCHIVE}: `);
});

test("a release comes over HTTP, and an answer that is an error says which", async () => {
  await using shop = await workshop();
  const bytes = await published(shop);
  await using server = createServer((request, response) => {
    if (request.url === `/1.0.0/${ARCHIVE}`) response.end(bytes);
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const base = `http://127.0.0.1:${address.port}`;
  const artifact = await fetching(shop, { url: `${base}/{version}/${NAME}` });
  expect(await readFile(join(artifact.directory, ARCHIVE))).toEqual(bytes);
  expect(await refusal(fetching(shop, { url: `${base}/lost.tar.gz` }))).toContain(
    "the server answered 404 Not Found; is this release still offered?",
  );
});
