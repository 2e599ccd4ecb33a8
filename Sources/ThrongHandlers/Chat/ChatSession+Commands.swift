// What each command does. On the task of the client's handler.

import Throng

extension ChatSession {
  func perform(_ command: ChatCommand, _ name: ChatName, _ room: ChatRoom) {
    switch command {
    case .say(let text): say(ChatSentences.said(name.text, text))
    case .act(let text): say(ChatSentences.acted(name.text, text))
    default:
      passOn()
      performOther(command, name, room)
    }
  }

  /// What is not said to the room.
  private func performOther(_ command: ChatCommand, _ name: ChatName, _ room: ChatRoom) {
    switch command {
    case .nothing, .say, .act: break
    case .nick(let text): changeNickname(from: name, to: text, room)
    case .join(let text): move(from: room, to: text, name)
    case .rooms: answer(ChatSentences.rooms(hall.rooms))
    case .who(let other): tellWho(other, room)
    case .message(let other, let text): whisper(text, to: other, from: name)
    case .help: answer(ChatSentences.help)
    case .quit(let words): quit(saying: words)
    case .incomplete(let description): answer(ChatSentences.incomplete(description))
    case .unknown(let command): answer(ChatSentences.unknown(command))
    }
  }

  /// The last words are said as all others are: next to the name that the server announces, they could
  /// be taken for a reason that the server gives.
  func quit(saying words: String) {
    if case .inRoom(let name, _) = phase, !words.isEmpty {
      say(ChatSentences.said(name.text, words))
    }
    leave("", answering: ChatSentences.goodbye)
  }

  private func changeNickname(from old: ChatName, to text: String, _ room: ChatRoom) {
    guard let new = nickname(text) else { return }
    if let owner = hall.rename(old, to: new, in: room) {
      return answer(ChatSentences.taken(new.text, by: owner))
    }
    rename(new, in: room)
    answer(ChatSentences.renamed(new.text))
    guard old != new, hall.count(in: room) <= hall.limits.announcedMembers else { return }
    room.members.broadcast(ChatSentences.renamed(old.text, new.text), except: connection)
  }

  private func move(from old: ChatRoom, to text: String, _ name: ChatName) {
    guard let roomName = roomName(text) else { return }
    if roomName.key == old.name.key { return answer(ChatSentences.alreadyIn(old.name.text)) }
    guard let room = hall.enter(roomName, name, from: old) else {
      return answer(ChatSentences.tooManyRooms(hall.limits.rooms))
    }
    depart(old, name, saying: ChatSentences.moved(name.text, to: room.name.text))
    enter(room, name)
  }

  private func tellWho(_ text: String?, _ own: ChatRoom) {
    guard let name = text.map({ roomName($0) }) ?? own.name else { return }
    guard let (room, present) = hall.present(in: name) else {
      return answer(ChatSentences.noRoom(name.text))
    }
    answer(ChatSentences.present(room, present))
  }

  private func whisper(_ text: String, to other: String, from name: ChatName) {
    // What is no valid name is nobody's.
    guard let key = try? ChatName(other, maximumLength: hall.limits.nameLength),
      let member = hall.member(key)
    else { return answer(ChatSentences.nobody(other)) }
    do {
      try member.connection.write(
        ChatSentences.whispered(from: name.text, text), flush: .endOfTurn)
      answer(ChatSentences.whispered(to: member.name, text))
    } catch {
      answer(ChatSentences.unreached(member.name))
    }
  }
}
