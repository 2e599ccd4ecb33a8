import ArgumentParser

struct Connect: ParsableCommand {
  func run() throws {}
}
