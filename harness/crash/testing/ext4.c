/*
 * What Node cannot do to a disk:
 *
 *   log|nolog FOLDER  takes the file system of a folder down at once, as a power loss does; with `log` its journal is written first
 *   arrived FILES…    waits for what is on its way to the disk, and begins nothing
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FS_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
enum { LOG_FLUSH = 1, NO_LOG_FLUSH = 2 };

static int failed(const char *name)
{
	perror(name);
	return 1;
}

static int arrived(const char *name)
{
	int file = open(name, O_RDONLY | O_NOFOLLOW);
	if (file < 0 || sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) != 0)
		return failed(name);
	return close(file);
}

static int take_down(const char *folder, uint32_t how)
{
	int file = open(folder, O_RDONLY | O_DIRECTORY);
	return file < 0 || ioctl(file, FS_IOC_SHUTDOWN, &how) != 0 ? failed(folder) : 0;
}

int main(int count, char **words)
{
	if (count < 2)
		return 2;
	if (strcmp(words[1], "arrived") != 0)
		return count == 3 ? take_down(words[2], strcmp(words[1], "log") == 0 ? LOG_FLUSH : NO_LOG_FLUSH) : 2;
	for (int number = 2; number < count; number++)
		if (arrived(words[number]) != 0)
			return 1;
	return 0;
}
