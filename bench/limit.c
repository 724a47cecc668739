/* The limit: a loop of write() and nothing else. Each line on the standard input is an order:
   "count every_us size": that many messages, one every so often, to every open connection. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 20000
static int open_fds[MOST], opened;

static long long now_ns(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void publish(int size) {
    static char message[65536];
    int head = snprintf(message, sizeof message, "data: ~%019lld ", now_ns());
    if (size > (int)sizeof message) size = sizeof message;
    memset(message + head, 'x', size - head);
    message[size - 2] = message[size - 1] = '\n';
    for (int i = 0; i < opened; i++)
        for (int done = 0, wrote; done < size; done += wrote)
            if ((wrote = write(open_fds[i], message + done, size - done)) <= 0) break;
}

static void welcome(int listener) {
    static const char hello[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    char request[4096];
    int fd = accept(listener, NULL, NULL), yes = 1;
    if (fd < 0 || opened == MOST) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (read(fd, request, sizeof request) > 0 && write(fd, hello, sizeof hello - 1) > 0) open_fds[opened++] = fd;
}

int main(int argc, char **argv) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1, count, every, size;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) return 1;
    printf("{\"open\": true}\n");
    fflush(stdout);
    struct pollfd watched[2] = {{listener, POLLIN, 0}, {0, POLLIN, 0}};
    while (poll(watched, 2, -1) > 0) {
        char line[128];
        if (watched[0].revents) welcome(listener);
        if (!watched[1].revents) continue;
        if (!fgets(line, sizeof line, stdin)) return 0;
        if (sscanf(line, "%d %d %d", &count, &every, &size) != 3) return 1;
        long long begun = now_ns();
        for (int i = 0; i < count; i++) {
            long long wait = begun / 1000 + (long long)i * every - now_ns() / 1000;
            if (wait > 0) usleep(wait);
            publish(size);
        }
        printf("{\"published\": %d}\n", count);
        fflush(stdout);
    }
}
