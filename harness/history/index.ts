// The door of history: every run in one database, a file or a server, and what became of a cell from run to run.
export { HistoryError } from "./error.ts";
export { type History, openHistory } from "./history.ts";
