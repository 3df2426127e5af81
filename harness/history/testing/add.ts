// Started by a test, several at once: opens the history it is given and adds so many runs of its own.
import { SAMPLE } from "../../report/sample.ts";
import { openHistory } from "../index.ts";

const [place = "", name = "", many = "0"] = process.argv.slice(2);
await using history = await openHistory(place);
for (let number = 1; number <= Number(many); number++) await history.add({ ...SAMPLE, run: `${name}-${number}` });
