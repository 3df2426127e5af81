// Serves a folder over HTTP on the loopback and says on which port: static-server.mjs FOLDER [PORT]
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";

const [folder, port = "0"] = process.argv.slice(2);

const server = createServer((request, response) => {
  const file = path.join(folder, path.posix.normalize(decodeURIComponent(request.url)));
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": stat.size });
  createReadStream(file).pipe(response);
});
server.listen(Number(port), "127.0.0.1", () => console.log(server.address().port));
