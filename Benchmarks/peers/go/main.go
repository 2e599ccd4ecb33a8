// An echo server in Go: a goroutine for each client. Go uses as many cores as it may run on, unless
// GOMAXPROCS says otherwise. Usage: go-echo PORT (on 127.0.0.1)
package main

import (
	"log"
	"net"
	"os"
)

// Small messages fit, and ten thousand clients still do not fill the memory.
const bufferSize = 4096

// TCP_NODELAY is Go's default. Not io.Copy: between two sockets that is splice(2), which serves
// large streams and costs small messages two calls more.
func echo(client net.Conn) {
	defer client.Close()
	buffer := make([]byte, bufferSize)
	for {
		count, err := client.Read(buffer)
		if err != nil {
			return
		}
		if _, err := client.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[len(os.Args)-1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go echo(client)
	}
}
