// An echo server with libuv: one loop, one thread. Usage: libuv-echo PORT (on 127.0.0.1)
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { BACKLOG = 4096 };

// What is being written: the buffer that was read, freed with the request.
typedef struct {
  uv_write_t request;
  uv_buf_t buffer;
} Reply;

static void allocate(uv_handle_t *client, size_t suggested, uv_buf_t *buffer) {
  (void)client;
  *buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void closed(uv_handle_t *client) { free(client); }

static void written(uv_write_t *request, int status) {
  Reply *reply = (Reply *)request;
  if (status < 0 && !uv_is_closing((uv_handle_t *)request->handle))
    uv_close((uv_handle_t *)request->handle, closed);
  free(reply->buffer.base);
  free(reply);
}

static void received(uv_stream_t *client, ssize_t count, const uv_buf_t *buffer) {
  if (count <= 0) {
    free(buffer->base);
    if (count < 0 && !uv_is_closing((uv_handle_t *)client)) uv_close((uv_handle_t *)client, closed);
    return;
  }
  Reply *reply = malloc(sizeof *reply);
  reply->buffer = uv_buf_init(buffer->base, (unsigned)count);
  uv_write(&reply->request, client, &reply->buffer, 1, written);
}

static void connected(uv_stream_t *listener, int status) {
  if (status < 0) return;
  uv_tcp_t *client = malloc(sizeof *client);
  uv_tcp_init(listener->loop, client);
  if (uv_accept(listener, (uv_stream_t *)client) < 0) {
    uv_close((uv_handle_t *)client, closed);
    return;
  }
  uv_tcp_nodelay(client, 1);
  uv_read_start((uv_stream_t *)client, allocate, received);
}

int main(int count, char **arguments) {
  uv_loop_t *loop = uv_default_loop();
  uv_tcp_t listener;
  struct sockaddr_in address;
  uv_ip4_addr("127.0.0.1", count > 1 ? atoi(arguments[count - 1]) : 52000, &address);
  uv_tcp_init(loop, &listener);
  int error = uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
  if (error == 0) error = uv_listen((uv_stream_t *)&listener, BACKLOG, connected);
  if (error != 0) {
    fprintf(stderr, "libuv-echo: cannot listen: %s\n", uv_strerror(error));
    return 1;
  }
  return uv_run(loop, UV_RUN_DEFAULT);
}
