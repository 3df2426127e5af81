// Numbers as people read them, in the words of all other reports.
export { formatDuration as duration, count } from "../../text.ts";
