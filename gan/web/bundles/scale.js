/* Made of gan/web/src by build.js. */
var l=({setStateValue:s})=>{let t=1,r,o=()=>{let i=Number.parseFloat(getComputedStyle(document.documentElement).fontSize)/16,e=Math.round(i*100)/100;e!==t&&(t=e,s("scale",e))},n=()=>{clearTimeout(r),r=setTimeout(o,300)};return o(),addEventListener("resize",n),()=>removeEventListener("resize",n)};export{l as default};
