// What each command does. On the task of the client's handler.

import Throng

extension ChatSession {
  func perform(_ command: ChatCommand, _ name: ChatName, _ room: ChatRoom) {
    switch command {
    case .say(let text): say(ChatReplies.said(name.text, text))
    case .act(let text): say(ChatReplies.acted(name.text, text))
    default:
      broadcastPending()
      performOther(command, name, room)
    }
  }

  /// What is not said to the room.
  private func performOther(_ command: ChatCommand, _ name: ChatName, _ room: ChatRoom) {
    switch command {
    case .nothing, .say, .act: break
    case .nick(let text): changeNickname(from: name, to: text, room)
    case .join(let text): move(from: room, to: text, name)
    case .rooms: answer(ChatReplies.rooms(directory.rooms))
    case .who(let other): tellWho(other, room)
    case .message(let other, let text): whisper(text, to: other, from: name)
    case .help: answer(ChatReplies.help)
    case .quit(let words): quit(saying: words)
    case .incomplete(let description): answer(ChatReplies.incomplete(description))
    case .unknown(let command): answer(ChatReplies.unknown(command))
    }
  }

  /// The last words are said as all others are: next to the name that the server announces, they could
  /// be taken for a reason that the server gives.
  func quit(saying words: String) {
    if case .inRoom(let name, _) = phase, !words.isEmpty {
      say(ChatReplies.said(name.text, words))
    }
    leave(answering: ChatReplies.goodbye)
  }

  private func changeNickname(from old: ChatName, to text: String, _ room: ChatRoom) {
    guard let new = nickname(text) else { return }
    if let owner = directory.rename(old, to: new, in: room) {
      return answer(ChatReplies.taken(new.text, by: owner))
    }
    rename(new, in: room)
    answer(ChatReplies.renamed(new.text))
    guard old != new, directory.count(in: room) <= directory.limits.announcedMembers else { return }
    room.members.broadcast(ChatReplies.renamed(old.text, new.text), except: connection)
  }

  private func move(from old: ChatRoom, to text: String, _ name: ChatName) {
    guard let roomName = roomName(text) else { return }
    if roomName.key == old.name.key { return answer(ChatReplies.alreadyIn(old.name.text)) }
    guard let room = directory.enter(roomName, name, from: old) else {
      return answer(ChatReplies.tooManyRooms(directory.limits.rooms))
    }
    depart(old, name, saying: ChatReplies.moved(name.text, to: room.name.text))
    enter(room, name)
  }

  private func tellWho(_ text: String?, _ own: ChatRoom) {
    guard let name = text.map({ roomName($0) }) ?? own.name else { return }
    guard let (room, present) = directory.present(in: name) else {
      return answer(ChatReplies.noRoom(name.text))
    }
    answer(ChatReplies.present(room, present))
  }

  private func whisper(_ text: String, to other: String, from name: ChatName) {
    // An invalid name has no owner.
    guard let key = try? ChatName(other, maximumLength: directory.limits.nameLength),
      let member = directory.member(key)
    else { return answer(ChatReplies.noMember(other)) }
    do {
      try member.connection.write(
        ChatReplies.whispered(from: name.text, text), flush: .endOfTurn)
      answer(ChatReplies.whispered(to: member.name, text))
    } catch {
      answer(ChatReplies.unreached(member.name))
    }
  }
}
