// A small fleet's only program, in all its parts: `store`, the control plane with a database; `agent NAME`, a service of a
// host; `order` and `peers`, the operator's commands. A release is this file with another version in it.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import http from "node:http";
import { DatabaseSync } from "node:sqlite";
import path from "node:path";

const VERSION: string = "0.0.0";
const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

const [mode = "", ...rest] = process.argv.slice(2);
if (mode === "store") store();
else if (mode === "agent") agent(rest[0] ?? "");
else if (mode === "order") await order(rest);
else if (mode === "peers") await peers(rest[0] ?? "");
else throw new Error(`Cannot ${mode}: there is no such mode`);

/** Who runs what, what is to be done, and who works on it. Takes on two jobs at a time, and says so to others. */
function store(): void {
  const database = new DatabaseSync(path.join(setting("STORE_DATA"), "store.db"), { timeout: 2000 });
  database.exec(`create table if not exists orders (host, service, version, url, done);
    create table if not exists running (host, service, version, primary key (host, service))`);
  let jobs = 0;
  const routes: Record<string, (body: Record<string, string>) => [number, unknown]> = {
    "POST /orders": ({ host, service, version, url }) => {
      database.prepare("insert into orders values (?, ?, ?, ?, 0)").run(host ?? "", service ?? "", version ?? "", url ?? "");
      return [202, {}];
    },
    "POST /next": ({ host }) => [200, database.prepare("select * from orders where host = ? and done = 0 limit 1").get(host ?? "") ?? {}],
    "POST /running": ({ host, service, version }) => {
      database.prepare("insert or replace into running values (?, ?, ?)").run(host ?? "", service ?? "", version ?? "");
      database
        .prepare("update orders set done = 1 where host = ? and service = ? and version = ?")
        .run(host ?? "", service ?? "", version ?? "");
      return [200, {}];
    },
    "POST /leave": ({ host }) => {
      database.prepare("delete from running where host = ?").run(host ?? "");
      return [200, {}];
    },
    "POST /jobs": () => {
      if (jobs >= 2) return [429, { why: "two jobs are under way" }];
      jobs++;
      setTimeout(() => jobs--, 5);
      return [202, {}];
    },
    "GET /": () => [200, { version: VERSION }],
  };
  serve(setting("STORE_SOCKET"), (request, body) => routes[`${request.method} ${request.url}`]?.(body) ?? [404, {}]);
}

/** Answers for one service. The first one of a host also carries out what the store has for it, and is asked by other hosts. */
function agent(name: string): void {
  serve(setting(name.toUpperCase()), () => [200, { version: VERSION, healthy: true }]);
  if (name === "alpha") serve(setting("GOSSIP"), () => [200, { host: setting("HOST") }]);
  const told = ask("POST", "/running", { host: setting("HOST"), service: name, version: VERSION }).catch(() => undefined); // asked again below
  if (name === "alpha") void told.then(() => work());
}

async function work(): Promise<void> {
  let installed = "";
  for (;;) {
    const host = setting("HOST");
    const next = await ask("POST", "/next", { host }).catch(() => ({}) as Record<string, string>); // nobody answers: later
    const { service, version, url } = next;
    if (service !== undefined && version === VERSION && service === "alpha") await ask("POST", "/running", { host, service, version });
    else if (service !== undefined && version !== undefined && installed !== `${service} ${version}`) {
      installed = `${service} ${version}`; // it tells the store itself that it runs
      await install(service, version, url ?? "");
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

async function install(service: string, version: string, url: string): Promise<void> {
  const response = await fetch(`${url}/${version}/program.ts`);
  const file = path.join(setting("ROOT"), `${service}.ts`);
  writeFileSync(`${file}.new`, Buffer.from(await response.arrayBuffer()));
  renameSync(`${file}.new`, file);
  spawnSync("systemctl", ["restart", service]);
}

/** `order VERSION URL HOSTS SERVICES`, or `order leave HOST`. */
async function order([version = "", url = "", hosts = "", services = ""]: string[]): Promise<void> {
  if (version === "leave") await ask("POST", "/leave", { host: url });
  else
    for (const host of hosts.split(","))
      for (const service of services.split(",")) await ask("POST", "/orders", { host, service, version, url });
}

/** Whether each of the hosts answers for itself. */
async function peers(hosts: string): Promise<void> {
  for (const name of hosts.split(",")) {
    const { host } = await ask("POST", "/", {}, setting("PEERS").replace("*", name));
    if (host !== name) throw new Error(`${host} answers in place of ${name}`);
  }
}

function ask(method: string, at: string, body: Record<string, string>, socket = setting("STORE")): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: socket, path: at, method, timeout: 1000 }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += String(chunk)));
      response.on("end", () => resolve(JSON.parse(text) as Record<string, string>)); // our own store wrote it
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", reject);
    request.end(JSON.stringify(body));
  });
}

function serve(socket: string, answer: (request: http.IncomingMessage, body: Record<string, string>) => [number, unknown]): void {
  const server = http.createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      const [status, body] = answer(request, text === "" ? {} : (JSON.parse(text) as Record<string, string>)); // our own agents wrote it
      response.writeHead(status).end(JSON.stringify(body));
    });
  });
  rmSync(socket, { force: true });
  server.listen(socket);
  process.on("SIGTERM", () => process.exit(0));
}
