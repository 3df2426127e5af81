/* recorder run|serve|join: records what programs do to file systems, and makes single operations go wrong.
 * Exit codes of its own: 2 wrong usage, 125 it cannot work, 127 the program cannot be started. */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include "recorder.h"

static const char USAGE[] =
	"recorder run   [options] -- argv...             starts argv traced; ends when all it started has ended, with its code\n"
	"recorder serve --socket S [options]             traces every process that joins, and their descendants\n"
	"recorder join  --socket S -- argv...            becomes argv, traced\n"
	"options: --log F --data F --events F  --under DIR (repeatable)  --inject SPEC (repeatable)\n"
	"         --looks: what is looked at is written down as well; join needs it too\n";

static const struct option options[] = {
	{ "log", required_argument, NULL, 'l' }, { "data", required_argument, NULL, 'd' }, { "events", required_argument, NULL, 'e' },
	{ "under", required_argument, NULL, 'u' }, { "looks", no_argument, NULL, 'o' }, { "inject", required_argument, NULL, 'i' }, { "socket", required_argument, NULL, 's' },
	{ NULL, 0, NULL, 0 },
};

static struct {
	const char *log, *data, *events, *socket;
} chosen;

static int usage(void)
{
	fputs(USAGE, stderr);
	return 2;
}

static bool choose(int option, const char *value)
{
	char why[LONG_PATH];
	switch (option) {
	case 'l': chosen.log = value; return true;
	case 'd': chosen.data = value; return true;
	case 'e': chosen.events = value; return true;
	case 's': chosen.socket = value; return true;
	case 'o': keeps_looks = true; return true;
	case 'u':
		if (watch(value)) return true;
		fprintf(stderr, "recorder: Cannot watch %s: it is not absolute, or there are too many\n", value);
		return false;
	case 'i':
		if (arm(value, 0, why, sizeof why)) return true;
		fprintf(stderr, "recorder: %s\n", why);
		return false;
	default: return false;
	}
}

int main(int argc, char **argv)
{
	int option;
	const char *mode = argc > 1 ? argv[1] : "";
	optind = 2;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1)
		if (!choose(option, optarg)) return option == '?' ? usage() : 2;
	char **program = argv + optind;
	if (strcmp(mode, "join") == 0) return chosen.socket == NULL || *program == NULL ? usage() : join(chosen.socket, program);
	bool runs = strcmp(mode, "run") == 0 && *program != NULL, serves = strcmp(mode, "serve") == 0 && chosen.socket != NULL;
	if (!runs && !serves) return usage();
	if (!open_log(chosen.log, chosen.data) || (chosen.events != NULL && !open_events(chosen.events))) {
		fprintf(stderr, "recorder: Cannot write what was asked for: %s\n", strerror(errno));
		return 125;
	}
	if (serves) events_to(stdout);
	return runs ? run(program) : serve(chosen.socket);
}
