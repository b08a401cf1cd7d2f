/*
 * One program with one fault in each mode, for containers whose signals are then looked at.
 * Static, so that it runs in an image of its own: cc -static -O1 -pthread fault-program.c
 *
 *   idle                                  nothing
 *   mem <KiB> <ms> <max MiB>              holds so much more memory each time, up to a limit
 *   cache <file> <MiB> <ms>               reads a file of holes again and again, a few MiB each time
 *   fill <file> <KiB> <ms> <max MiB>      makes a file longer
 *   fd <ms>                               opens a descriptor each time and keeps it
 *   thread <ms>                           starts a thread each time, none ends
 *   zombie <ms>                           forks a child each time, waits for none
 *   closewait <ms>                        accepts a connection each time that the other side closes
 *   udp <ms>                              opens a UDP socket each time and keeps it
 *   log <bytes> <lines> <ms>              writes so many lines each time
 *   spin                                  uses all processor time that it gets
 *   exit <ms> <code>                      ends with a code
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(long ms) {
  struct timespec left = {ms / 1000, (ms % 1000) * 1000000L};
  while (nanosleep(&left, &left) == -1 && errno == EINTR) {
  }
}

static void rest(void) {
  for (;;) pause();
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void hold_memory(size_t kib, long ms, size_t max_mib) {
  for (size_t held = 0; held < max_mib * 1024; held += kib) {
    char *piece = malloc(kib * 1024);
    if (!piece) fail("malloc");
    memset(piece, 1, kib * 1024);
    pause_ms(ms);
  }
  rest();
}

static char block[64 * 1024];

static void write_block(int fd) {
  if (write(fd, block, sizeof block) < 0) fail("write");
}

/* Holes are pages like others once they were read, and cost no disk. */
static void read_again(const char *path, size_t mib, long ms) {
  int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (fd < 0 || ftruncate(fd, (off_t)(mib * 1024 * 1024)) < 0) fail(path);
  for (;;) {
    lseek(fd, 0, SEEK_SET);
    for (size_t at = 0; at < mib * 16; at++) {
      if (read(fd, block, sizeof block) < 0) fail("read");
      if (at % 64 == 63) pause_ms(ms);
    }
  }
}

static void fill_file(const char *path, size_t kib, long ms, size_t max_mib) {
  int fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);
  if (fd < 0) fail(path);
  for (size_t written = 0; written < max_mib * 1024; written += kib) {
    for (size_t part = 0; part < kib; part += sizeof block / 1024) write_block(fd);
    pause_ms(ms);
  }
  rest();
}

static void open_files(long ms) {
  for (;;) {
    if (open("/dev/null", O_RDONLY) < 0) {
      perror("open");
      rest();
    }
    pause_ms(ms);
  }
}

static void *live(void *unused) {
  rest();
  return unused;
}

static void start_threads(long ms) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  for (;;) {
    pthread_t thread;
    /* Goes on after the limit: trying counts as well. */
    pthread_create(&thread, &small, live, NULL);
    pause_ms(ms);
  }
}

static void leave_zombies(long ms) {
  for (;;) {
    if (fork() == 0) _exit(0);
    pause_ms(ms);
  }
}

static void leave_connections(long ms) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof at;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0) fail("bind");
  if (listen(listener, 64) < 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&at, &length);
  for (;;) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (client < 0 || connect(client, (struct sockaddr *)&at, sizeof at) < 0) rest();
    if (accept(listener, NULL, NULL) < 0) rest();
    /* What was accepted is never closed: it stays in CLOSE_WAIT. */
    close(client);
    pause_ms(ms);
  }
}

static void open_sockets(long ms) {
  struct sockaddr_in any = {.sin_family = AF_INET};
  for (;;) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0) rest();
    pause_ms(ms);
  }
}

static void write_lines(size_t bytes, long lines, long ms) {
  memset(block, 'x', sizeof block);
  block[bytes - 1] = '\n';
  for (;;) {
    for (long line = 0; line < lines; line++) {
      if (write(1, block, bytes) < 0) fail("write");
    }
    pause_ms(ms);
  }
}

static long number(char **values, int at) { return values[at] ? atol(values[at]) : 0; }

int main(int count, char **words) {
  const char *mode = count > 1 ? words[1] : "";
  char **values = words + 2;
  if (strcmp(mode, "idle") == 0) rest();
  if (strcmp(mode, "mem") == 0) hold_memory(number(values, 0), number(values, 1), number(values, 2));
  if (strcmp(mode, "cache") == 0) read_again(values[0], number(values, 1), number(values, 2));
  if (strcmp(mode, "fill") == 0)
    fill_file(values[0], number(values, 1), number(values, 2), number(values, 3));
  if (strcmp(mode, "fd") == 0) open_files(number(values, 0));
  if (strcmp(mode, "thread") == 0) start_threads(number(values, 0));
  if (strcmp(mode, "zombie") == 0) leave_zombies(number(values, 0));
  if (strcmp(mode, "closewait") == 0) leave_connections(number(values, 0));
  if (strcmp(mode, "udp") == 0) open_sockets(number(values, 0));
  if (strcmp(mode, "log") == 0) write_lines(number(values, 0), number(values, 1), number(values, 2));
  if (strcmp(mode, "spin") == 0)
    for (volatile unsigned long turns = 0;; turns++) {
    }
  if (strcmp(mode, "exit") == 0) {
    pause_ms(number(values, 0));
    return (int)number(values, 1);
  }
  fprintf(stderr, "faults: expected a mode, got \"%s\"\n", mode);
  return 2;
}
