// A run's messages over a WebSocket.

/** @implements {Transport} */
export class SocketTransport {
  /**
   * @param {URL} address the run's, over http or https
   * @param {TransportHandlers} handlers
   */
  constructor(address, { onMessage, onLost }) {
    const url = new URL(address);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => onMessage(this, data);
    this.socket.onclose = ({ code }) => onLost(this, code === 1000);
  }

  get isOpen() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** @param {string} text */
  send(text) {
    this.socket.send(text);
  }

  close() {
    this.socket.close();
  }
}
