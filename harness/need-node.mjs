// Stops with a clear message when `node` is not the one that `npm ci` brought along; runs under any Node.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 22)) {
  console.error(`upmatrix needs Node 22.22 or later, and this is ${process.versions.node} (${process.execPath}).`);
  console.error("`npm ci` brings Node 24 along as an optional package. It is missing when npm was told --omit=optional,");
  console.error(
    "or when no Node package exists for this platform: then install Node 24 yourself. Start it by npm (npm start, npm test, npm run upmatrix --).",
  );
  process.exit(1);
}
