export class Plots {}
